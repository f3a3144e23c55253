"""Mails as they come in: bounces of several servers, replies of several clients, automatic answers.

Each is written in the form of the software that it is named after; addresses and words are made up.
"""

from __future__ import annotations

MESSAGE_ID = "<warning-1@planwatch.test>"
READER = "office@education.example.cn"


def mail(head: str, body: str, *, charset: str = "utf-8") -> bytes:
    """A mail of these lines; `{id}` stands for the Message-ID of our mail, `{reader}` for its recipient."""
    text = f"{head.strip()}\n\n{body.strip()}\n".replace("{id}", MESSAGE_ID).replace("{reader}", READER)
    return text.replace("\n", "\r\n").encode(charset)


def reply(
    body: str,
    *,
    sender: str = READER,
    message_id: str = "<reply-1@education.example.cn>",
    answered: str = MESSAGE_ID,
    fields: str = "",
) -> bytes:
    """A plain reply in Chinese."""
    return mail(
        f"From: =?utf-8?B?546L5Li75Lu7?= <{sender}>\nTo: planwatch@in.planwatch.test\nSubject: Re: s\n"
        f"Message-ID: {message_id}\nIn-Reply-To: {answered}\nReferences: {answered}\n{fields}"
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit",
        body,
    )


POSTFIX = mail(
    """
From: MAILER-DAEMON@mx.example.cn (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: bounces@in.planwatch.test
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B1"
Message-Id: <20220301020001.8F5@mx.example.cn>
""",
    """
--B1
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.example.cn.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

<{reader}>: host mail.education.example.cn[192.0.2.1] said: 550 5.1.1
    <{reader}>: Recipient address rejected: User unknown

--B1
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.cn
X-Postfix-Queue-ID: 8F5

Final-Recipient: rfc822; {reader}
Original-Recipient: rfc822;{reader}
Action: failed
Status: 5.1.1
Remote-MTA: dns; mail.education.example.cn
Diagnostic-Code: smtp; 550 5.1.1 Recipient address rejected: User unknown

--B1
Content-Description: Undelivered Message
Content-Type: message/rfc822

From: planwatch@in.planwatch.test
To: {reader}
Subject: s
Message-ID: {id}

x
--B1--
""",
)

POSTFIX_DELAY = (
    POSTFIX.replace(b"Undelivered Mail Returned to Sender", b"Delayed Mail (still being retried)")
    .replace(b"Action: failed", b"Action: delayed")
    .replace(b"Status: 5.1.1", b"Status: 4.4.1")
)

EXCHANGE = mail(
    """
From: postmaster@education.example.cn
To: bounces@in.planwatch.test
Date: Tue, 1 Mar 2022 10:00:05 +0800
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="E1"
X-MS-Exchange-Message-Is-Ndr:
Content-Language: zh-CN
Message-ID: <0f5@EX01.education.example.cn>
In-Reply-To: {id}
References: {id}
Subject: =?gb2312?B?zrS077LNtcQ6?= s
Auto-Submitted: auto-replied
""",
    """
--E1
Content-Type: multipart/alternative; differences=Content-Type; boundary="E2"

--E2
Content-Type: text/plain; charset="utf-8"

Delivery has failed to these recipients or groups:

office ({reader})
The email address you entered couldn't be found.

--E2
Content-Type: text/html; charset="utf-8"

<html><body><p>Delivery has failed to these recipients or groups:</p></body></html>
--E2--

--E1
Content-Type: message/delivery-status

Reporting-MTA: dns;EX01.education.example.cn

Final-recipient: RFC822;{reader}
Action: failed
Status: 5.1.10
Diagnostic-code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found

--E1
Content-Type: text/rfc822-headers

From: planwatch@in.planwatch.test
Message-ID: {id}
Subject: s

--E1--
""",
)

QMAIL = mail(
    """
From: MAILER-DAEMON@mail.education.example.cn
To: bounces@in.planwatch.test
Subject: failure notice
Message-ID: <qmail-1@mail.education.example.cn>
""",
    """
Hi. This is the qmail-send program at mail.education.example.cn.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{reader}>:
This address no longer accepts mail.

--- Below this line is a copy of the message.

Message-ID: {id}
Subject: s
""",
)

QQ = mail(
    """
From: "PostMaster@qq.com" <PostMaster@qq.com>
To: bounces@in.planwatch.test
Subject: =?gb18030?B?1LTX1HFxLmNvbbXEzcvQxQ==?=
Date: Tue, 1 Mar 2022 10:00:08 +0800
Message-ID: <tencent_1@qq.com>
MIME-Version: 1.0
Content-Type: text/html; charset="gb18030"
Content-Transfer-Encoding: 8bit
""",
    """
<html><body><div>很抱歉您发送的邮件被退回，以下是该邮件的相关信息：</div>
<table><tr><td>被退回邮件</td><td>主&nbsp;题：s</td></tr>
<tr><td>无法发送到</td><td>{reader}</td></tr>
<tr><td>退信原因</td><td>收件人邮件地址（{reader}）不存在，邮件无法送达。</td></tr></table></body></html>
""",
    charset="gb18030",
)

NETEASE_DELAY = mail(
    """
From: Postmaster@163.com
To: bounces@in.planwatch.test
Subject: =?utf-8?B?6YKu5Lu25oqV6YCS5bu26L+f6YCa55+l?=
Message-ID: <delay-1@163.com>
MIME-Version: 1.0
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: 8bit
""",
    "您发给 {reader} 的邮件 {id} 尚未投递成功，系统将继续重试，您无需重发。",
)

OUT_OF_OFFICE = reply("我正在休假，3月7日返回。", fields="Auto-Submitted: auto-replied\n")
QQ_AUTO_REPLY = reply("您好，邮件已收到，我会尽快回复。", fields="X-QQ-STYLE: 1\nX-Autoreply: yes\n")
EXCHANGE_AUTO_REPLY = reply("已外出。").replace(b"Subject: Re: s", "Subject: 自动答复: s".encode())
